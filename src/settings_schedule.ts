/** The variables of scheduled jobs, their health pings and the system's crontab (chapter 08, sections 2.3 and 6). */
import type { EnvironmentReader, SettingDefinition } from "./settings_reader.ts";

/** Those that `--monitoring-id` may name; each has its variable `HEALTHCHECK_ID_<NAME>`. */
const MONITORING_IDS = [
  "delete_unused_hardware_status",
  "notifications_hardware_summary",
  "notifications_metrics_summary",
  "notifications_new_issues",
  "notifications_summary_microsoft",
  "notifications_summary_maestro",
];

const LONGEST_SUFFIX = 1000;

export interface HealthPingSettings {
  /** Without a slash at the end. */
  baseUrl: string;
  /** What is added to the address, by monitoring id; those without a value are absent. */
  paths: ReadonlyMap<string, string>;
}

export interface ScheduleSettings {
  /** Whether there are no jobs at all. */
  skip: boolean;
  /** YAML file that changes the list of jobs; undefined for the list as it comes. */
  jobsFile: string | undefined;
  /** What each line of the system's crontab ends with; undefined when the operator did not say. */
  crontabSuffix: string | undefined;
  /** Where `update_hardware_registry` reads from. */
  hardwareRegistryUrl: string;
  /** Where jobs reach the API, without a slash at the end; undefined for the address that HOST and PORT name. */
  serverUrl: string | undefined;
  healthPings: HealthPingSettings;
}

/** @throws SettingError */
export function scheduleSettings(read: EnvironmentReader): ScheduleSettings {
  const jobsFile = read.text({
    name: "KERNELBOARD_JOBS_FILE",
    fallback: "",
    example: "/etc/kernelboard/jobs.yaml",
    about: "YAML file that changes the schedule, recipients and other options of the jobs, or adds jobs",
  });
  return {
    skip: read.flag({ name: "SKIP_CRONJOBS", fallback: false, about: "empties the list of scheduled jobs" }),
    jobsFile: jobsFile === "" ? undefined : jobsFile,
    crontabSuffix: crontabSuffix(read),
    hardwareRegistryUrl: read.text({
      name: "HARDWARE_REGISTRY_INDEX_URL",
      fallback:
        "https://raw.githubusercontent.com/kernelci/kernelci-pipeline/main/config/hardware_registry/index.yaml",
      about: "index of the hardware registry that the nightly job reads",
    }),
    serverUrl: optionalUrl(read, {
      name: "KERNELBOARD_SERVER_URL",
      fallback: "",
      example: "http://127.0.0.1:8000",
      about: "where scheduled jobs reach the API (default: HOST and PORT)",
    }),
    healthPings: healthPingSettings(read),
  };
}

/** An http(s) address without its last slash, or undefined for an empty variable. Never repeats a secret one. */
export function optionalUrl(
  read: EnvironmentReader,
  definition: SettingDefinition<string>,
): string | undefined {
  const url = read.parse(definition, (text) => {
    if (text === "") return text;
    const isUrl = URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
    if (!isUrl) throw read.wrong(definition, "is no address of the form http(s)://host/path");
    return text.replace(/\/+$/, "");
  });
  return url === "" ? undefined : url;
}

function crontabSuffix(read: EnvironmentReader): string | undefined {
  const definition: SettingDefinition<string> = {
    name: "CRONTAB_COMMAND_SUFFIX",
    fallback: "",
    example: "'>> /proc/1/fd/1 2>&1'",
    about:
      "end of each line that crontab add writes (default: to the container's log when in one, else nothing)",
  };
  if (read.raw(definition.name) === undefined) {
    read.record(definition, "", "default");
    return undefined;
  }
  return read.parse(definition, (text) => {
    if (/[\r\n\0]/.test(text) || text.length > LONGEST_SUFFIX)
      throw read.wrong(definition, `must be one line of at most ${LONGEST_SUFFIX} characters`);
    return text;
  });
}

function healthPingSettings(read: EnvironmentReader): HealthPingSettings {
  const paths = new Map<string, string>();
  for (const id of MONITORING_IDS) {
    const path = read.text({
      name: `HEALTHCHECK_ID_${id.toUpperCase()}`,
      fallback: "",
      example: "0b5bb2a8-6d5f-4a0e-9a57-3b1f3d0f0c11",
      secret: true,
      about: `what is pinged by commands with --monitoring-id=${id}; nothing when empty`,
    });
    const trimmed = path.replace(/^\/+|\/+$/g, "");
    if (trimmed !== "") paths.set(id, trimmed);
  }
  return {
    baseUrl:
      optionalUrl(read, {
        name: "KERNELBOARD_HEALTHCHECK_BASE_URL",
        fallback: "https://hc-ping.com",
        about: "service that health pings go to",
      }) ?? "https://hc-ping.com",
    paths,
  };
}
