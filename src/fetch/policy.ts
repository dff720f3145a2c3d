/** What the guarded fetch trusts. */
import type { LookupAddress } from "node:dns";
import { lookup } from "node:dns/promises";
import { isPublicAddress } from "./address.ts";
import { isAllowedUrl } from "./target.ts";

/** Tests reach servers of their own by a policy of their own; production has one only. */
export interface FetchPolicy {
  /** The rule for host, port and path, asked for every redirect too. */
  allows: (url: URL) => boolean;
  /** Whether an address may be connected to. */
  isPublic: (address: string) => boolean;
  /** All addresses of a host. */
  resolve: (host: string) => Promise<LookupAddress[]>;
  /** Certificates to trust instead of the well-known ones, as PEM. */
  certificates?: string;
  /** Shortens the deadline of every fetch. */
  deadlineMs?: number;
}

export const PRODUCTION_POLICY: FetchPolicy = {
  allows: isAllowedUrl,
  isPublic: isPublicAddress,
  resolve: (host) => lookup(host, { all: true }),
};
