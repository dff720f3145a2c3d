/** How the page asks the API. */
import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api/request.ts";

/** Lists are refreshed this often while the page is visible. */
export const REFRESH_MS = 60_000;

const RETRY_DELAY_MS = 1000;

/** The cache of the API's answers. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: REFRESH_MS / 2,
      // A failure is shown soon, with a button; only what may pass within a moment is tried again before.
      retry: (failures, error) => failures < 1 && error instanceof ApiError && error.isTransient,
      retryDelay: RETRY_DELAY_MS,
      // What the browser believes of the network says nothing about this server, which may be the same machine.
      networkMode: "always",
    },
  },
});
