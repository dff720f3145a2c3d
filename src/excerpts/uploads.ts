/** Whether and how log excerpts are uploaded, and what becomes of them: plain data, without what does it. */
import { MAX_EXCERPT } from "../kcidb/types.ts";
import type { Log } from "../log.ts";
import type { ExcerptSettings } from "../settings.ts";

/** Uploads at once, of all workers of a process together: what one storage takes without being pressed. */
const UPLOADS_AT_ONCE = 16;
/** What moving excerpts takes: plain data, so that it can be handed to a worker thread. */
export interface UploadSettings {
  baseUrl: string;
  token: string;
  threshold: number;
  cacheEntries: number;
  concurrency: number;
}

/**
 * What the settings ask for, or undefined when excerpts stay in their rows. To be called once a process: a missing
 * token is said in the log.
 *
 * @param workers that share the bound on uploads at once
 */
export function uploadSettings(
  { convert, token, baseUrl, threshold, cacheEntries }: ExcerptSettings,
  workers: number,
  log: Log,
): UploadSettings | undefined {
  if (!convert) return undefined;
  if (token === undefined) {
    log.warn("STORAGE_TOKEN is not set, log_excerpts will not be uploaded");
    return undefined;
  }
  return {
    baseUrl,
    token,
    // What a row cannot hold is long, whatever the setting says.
    threshold: Math.min(threshold, MAX_EXCERPT),
    cacheEntries,
    concurrency: Math.max(1, Math.floor(UPLOADS_AT_ONCE / workers)),
  };
}

/** What became of excerpts: uploaded, in the storage already, not taken by it, or not tried. */
export const UPLOAD_RESULTS = ["uploaded", "cached", "failed", "skipped"] as const;
export type UploadResult = (typeof UPLOAD_RESULTS)[number];
export type UploadCounts = Record<UploadResult, number>;

/** None of any result. */
export function zeroUploads(): UploadCounts {
  return { uploaded: 0, cached: 0, failed: 0, skipped: 0 };
}
