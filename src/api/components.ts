/**
 * The schemas that the API's description names, as the reference implementation does where it has them. One may hold
 * those that come before it.
 */
import { BuildDetails, BuildTests } from "./build/shapes.ts";
import { HardwareInfo, HardwareRegistry } from "./hardware/registry_shapes.ts";
import {
  HardwareBoots,
  HardwareBuilds,
  HardwareDetailsBody,
  HardwareFull,
  HardwareSummary,
  HardwareTests,
  HardwareTree,
} from "./hardware/details_shapes.ts";
import {
  CommitHead,
  CommitHistory as HardwareCommitHistory,
  CommitHistoryBody,
  HardwareByRevision,
  HardwareListing,
  HardwareSelectors,
} from "./hardware/shapes.ts";
import {
  IssueBuilds,
  IssueDetails,
  IssueExtrasAnswer,
  IssueExtrasBody,
  IssueListing,
  IssueTests,
} from "./issue/shapes.ts";
import {
  BuildSummary,
  DetailsFilters,
  HardwareBuild,
  HardwareDetailsFilters,
  HardwareTest,
  Summary,
  TestSummary,
  TreeBuild,
  TreeTest,
} from "./items/shapes.ts";
import { LogFiles } from "./log_downloader/routes.ts";
import { Metrics } from "./metrics/shapes.ts";
import {
  CountedIssue,
  ErrorAnswer,
  ListingStatusCount,
  NothingFound,
  Status,
  StatusCount,
} from "./shapes.ts";
import { StatusHistory, TestDetails } from "./test/shapes.ts";
import { CommitList } from "./tree/commit_list.ts";
import {
  CommitHistory,
  ComparedBuilds,
  ComparedTests,
  TreeBoots,
  TreeBuilds,
  TreeCompare,
  TreeFull,
  TreeLatest,
  TreeListing,
  TreeSummary,
  TreeTests,
} from "./tree/shapes.ts";
import { TreeReport } from "./tree_report/shapes.ts";

export const COMPONENTS = {
  Error: ErrorAnswer,
  NothingFound,
  StatusValues: Status,
  StatusCount,
  ListingStatusCount,
  Issue: CountedIssue,
  BuildSummary,
  TestSummary,
  Summary,
  DetailsFilters,
  HardwareDetailsFilters,
  BuildHistoryItem: TreeBuild,
  TestHistoryItem: TreeTest,
  HardwareBuildHistoryItem: HardwareBuild,
  HardwareTestHistoryItem: HardwareTest,
  Tree: HardwareTree,
  BuildDetailsResponse: BuildDetails,
  BuildTestsResponse: BuildTests,
  TestDetailsResponse: TestDetails,
  TestStatusHistoryResponse: StatusHistory,
  IssueBuildsResponse: IssueBuilds,
  IssueDetailsResponse: IssueDetails,
  IssueExtraDetailsRequest: IssueExtrasBody,
  IssueExtraDetailsResponse: IssueExtrasAnswer,
  IssueListingResponse: IssueListing,
  IssueTestsResponse: IssueTests,
  HardwareListingResponse: HardwareListing,
  HardwareListingByRevisionResponse: HardwareByRevision,
  HardwareSelectorsResponse: HardwareSelectors,
  HardwareRegistryResponse: HardwareRegistry,
  HardwareInfoResponse: HardwareInfo,
  CommitHead,
  CommitHistoryPostBody: CommitHistoryBody,
  HardwareCommitHistoryResponse: HardwareCommitHistory,
  HardwareDetailsPostBody: HardwareDetailsBody,
  HardwareDetailsBootsResponse: HardwareBoots,
  HardwareDetailsBuildsResponse: HardwareBuilds,
  HardwareDetailsFullResponse: HardwareFull,
  HardwareDetailsSummaryResponse: HardwareSummary,
  HardwareDetailsTestsResponse: HardwareTests,
  TreeListingResponse: TreeListing,
  TreeLatestResponse: TreeLatest,
  TreeDetailsFullResponse: TreeFull,
  SummaryResponse: TreeSummary,
  TreeDetailsBuildsResponse: TreeBuilds,
  TreeDetailsBootsResponse: TreeBoots,
  TreeDetailsTestsResponse: TreeTests,
  TreeCommitsResponse: CommitHistory,
  TreeCommitsListResponse: CommitList,
  TreeCompareResponse: TreeCompare,
  TreeCompareBuildsResponse: ComparedBuilds,
  TreeCompareBootsTestsResponse: ComparedTests,
  TreeReportResponse: TreeReport,
  LogDownloaderResponse: LogFiles,
  MetricsResponse: Metrics,
};
