/** The page's addresses. */
import type { QueryClient } from "@tanstack/react-query";
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  stripSearchParams,
  type SearchSchemaInput,
} from "@tanstack/react-router";
import { commitBuilds } from "./api/commits.ts";
import { repositoryAddress, treeAddress } from "./commit/commit_address.ts";
import {
  DEFAULT_BUILD_SEARCH,
  DEFAULT_REPOSITORY_SEARCH,
  buildSearch,
  repositorySearch,
  type BuildSearch,
  type RepositorySearch,
} from "./commit/commit_search.ts";
import { queryClient } from "./query_client.ts";
import { Crash } from "./shell/crash.tsx";
import { Frame } from "./shell/frame.tsx";
import { NotFound } from "./shell/not_found.tsx";
import { parseSearch, stringifySearch } from "./text/search.ts";
import { TreePage } from "./trees/tree_page.tsx";
import { DEFAULT_TREE_SEARCH, treeSearch, type TreeSearch } from "./trees/tree_search.ts";

/** Links may leave out parameters that have a default. */
type Input<Search> = Partial<Search> & SearchSchemaInput;

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Frame });

const treesRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/",
  validateSearch: (search: Input<TreeSearch>) => treeSearch(search),
  search: { middlewares: [stripSearchParams(DEFAULT_TREE_SEARCH)] },
  component: TreePage,
});

const treeCommitRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/tree/$tree/$branch/$hash",
  validateSearch: (search: Input<BuildSearch>) => buildSearch(search),
  search: { middlewares: [stripSearchParams(DEFAULT_BUILD_SEARCH)] },
  loaderDeps: ({ search: { origin } }) => ({ origin }),
  // Not awaited: the builds are on their way while the page's code is. The page shows what goes wrong.
  loader: ({ context, params, deps }) => {
    context.queryClient.query(commitBuilds(treeAddress(params, deps))).catch(() => undefined);
  },
  component: lazyRouteComponent(() => import("./commit/commit_routes.tsx"), "TreeCommitPage"),
});

const repositoryCommitRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: "/commit/$hash",
  validateSearch: (search: Input<RepositorySearch>) => repositorySearch(search),
  search: { middlewares: [stripSearchParams(DEFAULT_REPOSITORY_SEARCH)] },
  loaderDeps: ({ search: { origin, url, branch } }) => ({ origin, url, branch }),
  loader: ({ context, params, deps }) => {
    context.queryClient.query(commitBuilds(repositoryAddress(params, deps))).catch(() => undefined);
  },
  component: lazyRouteComponent(() => import("./commit/commit_routes.tsx"), "RepositoryCommitPage"),
});

export const router = createRouter({
  routeTree: rootRoute.addChildren([treesRoute, treeCommitRoute, repositoryCommitRoute]),
  context: { queryClient },
  parseSearch,
  stringifySearch,
  defaultNotFoundComponent: NotFound,
  defaultErrorComponent: Crash,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
