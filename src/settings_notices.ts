/** Where errors are told (chapter 08, section 9.3). */
import { optionalUrl } from "./settings_schedule.ts";
import type { EnvironmentReader } from "./settings_reader.ts";

export interface NoticeSettings {
  /** A Discord webhook; whoever knows it can write into the channel. */
  discordUrl: string | undefined;
  /** Gets each notice as a JSON object. */
  webhookUrl: string | undefined;
}

/** @throws SettingError */
export function noticeSettings(read: EnvironmentReader): NoticeSettings {
  return {
    discordUrl: optionalUrl(read, {
      name: "DISCORD_WEBHOOK_URL",
      fallback: "",
      example: "https://discord.com/api/webhooks/<id>/<token>",
      secret: true,
      about: "Discord webhook that errors of the server and of jobs are told",
    }),
    webhookUrl: optionalUrl(read, {
      name: "KERNELBOARD_ERROR_WEBHOOK_URL",
      fallback: "",
      example: "https://alerts.example.org/kernelboard",
      secret: true,
      about: "address that errors of the server and of jobs are posted to as JSON",
    }),
  };
}
