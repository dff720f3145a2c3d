/** The CI systems that submit checkouts. */
import { fields, list, text } from "./decoder.ts";
import { ApiError, apiPath, request } from "./request.ts";
import type { Resource } from "./resource.ts";
import { ALL_DAYS } from "./trees.ts";

/** The origin that the API takes when a request names none. */
export const DEFAULT_ORIGIN = "maestro";

/** An empty database is answered as a wrong request. */
const NO_ORIGINS = "No origins found";

export const decodeOrigins = fields<{ checkout_origins: string[] }>({ checkout_origins: list(text) });

/** All origins of checkouts: also those that have been silent for long, so that the list does not depend on the window. */
export function checkoutOrigins(): Resource<string[]> {
  const path = apiPath(["origins", ""], { interval_in_days: ALL_DAYS });
  return {
    queryKey: ["origins"],
    queryFn: async ({ signal }) => {
      try {
        const answer = await request(path, decodeOrigins, signal);
        return answer.found ? answer.value.checkout_origins : [];
      } catch (error) {
        if (error instanceof ApiError && error.status === 400 && error.message === NO_ORIGINS) return [];
        throw error;
      }
    },
  };
}
