/** The variables of a deployment's security (chapter 08, sections 2.5, 5 and 16). */
import { isIP } from "node:net";
import type { EnvironmentReader, SettingDefinition } from "./settings_reader.ts";

export interface SecuritySettings {
  /** Nothing here is signed with it; it is accepted because deployments set it. */
  secretKey: string | undefined;
  /** Addresses whose `X-Forwarded-*` headers are believed, and what fastify's trustProxy takes. */
  trustedProxies: string[];
  hsts: { includeSubDomains: boolean; preload: boolean };
  /** Ids of findings of `check` that are counted only. */
  silencedChecks: string[];
}

/** Names that stand for address ranges. */
const RANGE_NAMES = ["loopback", "linklocal", "uniquelocal"];
/**
 * Both are about other hosts than ours: whether every name below this one, or this one in the lists of browsers, can do
 * without plain HTTP is known to the operator alone.
 */
const SILENCED = ["security.W005", "security.W021"];

export function securitySettings(read: EnvironmentReader): SecuritySettings {
  return {
    secretKey: secret(read, {
      name: "DJANGO_SECRET_KEY",
      example: "$(openssl rand -base64 48)",
      about: "accepted and checked, but nothing is signed with it",
    }),
    trustedProxies: trustedProxies(read),
    hsts: {
      includeSubDomains: read.flag({
        name: "KERNELBOARD_HSTS_INCLUDE_SUBDOMAINS",
        fallback: false,
        about: "tells browsers to use only HTTPS for all names below this host's too",
      }),
      preload: read.flag({
        name: "KERNELBOARD_HSTS_PRELOAD",
        fallback: false,
        about: "lets browsers' makers put this host on their lists of HTTPS-only hosts",
      }),
    },
    silencedChecks: read.textList({
      name: "KERNELBOARD_SILENCED_CHECKS",
      fallback: SILENCED,
      example: '["security.W005"]',
      about: "ids of findings of `kernelboard check` that are not shown",
    }),
  };
}

function secret(
  read: EnvironmentReader,
  definition: Omit<SettingDefinition<string>, "fallback" | "secret">,
): string | undefined {
  const text = read.text({ ...definition, fallback: "", secret: true });
  return text === "" ? undefined : text;
}

function trustedProxies(read: EnvironmentReader): string[] {
  const definition: SettingDefinition<string[]> = {
    name: "KERNELBOARD_TRUSTED_PROXIES",
    fallback: ["loopback"],
    example: '["loopback", "10.0.0.0/8"]',
    about:
      "proxies whose X-Forwarded-* headers are believed: addresses, CIDR ranges, loopback, linklocal, uniquelocal",
  };
  const proxies = read.textList(definition);
  for (const proxy of proxies) {
    const [address = "", bits, ...more] = proxy.split("/");
    const version = isIP(address);
    const most = version === 4 ? 32 : 128;
    const isRange =
      bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most);
    if (!RANGE_NAMES.includes(proxy) && (version === 0 || !isRange || more.length > 0))
      throw read.wrong(
        definition,
        `'${proxy}' is no address, no CIDR range, and none of ${RANGE_NAMES.join(", ")}`,
      );
  }
  return proxies;
}
