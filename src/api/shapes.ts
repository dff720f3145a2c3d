/** Schemas that several resources share. They describe answers; tests hold answers against them. */
import { Type, type TSchema } from "typebox";

export const Nullable = <T extends TSchema>(
  schema: T,
): ReturnType<typeof Type.Union<[T, ReturnType<typeof Type.Null>]>> => Type.Union([schema, Type.Null()]);

export const NullableString = Nullable(Type.String());
export const Timestamp = Type.String({
  description: "ISO 8601 in UTC, with six digits of fraction or none",
  examples: ["2025-07-18T17:34:22.132000Z"],
});
export const NullableTimestamp = Nullable(Timestamp);
export const NullableStrings = Nullable(Type.Array(Type.String()));
export const NullableFiles = Nullable(Type.Array(Type.Object({ name: Type.String(), url: Type.String() })));
export const JsonValue = Type.Unknown({ description: "any JSON value, as it was submitted" });
export const NullableObject = Nullable(Type.Record(Type.String(), Type.Unknown()));

/** Names of trees and commits in paths and queries; they describe, any text is taken. */
export const TreeName = Type.String({ description: "name of the tree", examples: ["mainline"] });
export const BranchName = Type.String({
  description: "branch of the tree; it may contain slashes",
  examples: ["master"],
});
export const RepositoryUrl = Type.String({
  description: "repository of the tree",
  examples: ["https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git"],
});
export const CommitHash = Type.String({
  description: "full commit hash",
  examples: ["7e39477098b50156535c8f910fee50d6dac2a793"],
});
export const HashOrTag = Type.String({
  description: "full commit hash, or a tag of it",
  examples: ["7e39477098b50156535c8f910fee50d6dac2a793"],
});

/** Used where a request does not say whose results it asks for. */
export const DEFAULT_ORIGIN = "maestro";

export const STATUSES = ["PASS", "ERROR", "FAIL", "SKIP", "MISS", "DONE", "NULL"] as const;
export type ItemStatus = (typeof STATUSES)[number];

export const Status = Type.Enum([...STATUSES], { description: "NULL when there is no verdict" });

/** How many items have each status. */
export const StatusCount = Type.Object(
  {
    PASS: Type.Integer(),
    ERROR: Type.Integer(),
    FAIL: Type.Integer(),
    SKIP: Type.Integer(),
    MISS: Type.Integer(),
    DONE: Type.Integer(),
    NULL: Type.Integer(),
  },
  { description: "items by status" },
);

/** The same in three classes. */
export const ListingStatusCount = Type.Object(
  { PASS: Type.Integer(), FAIL: Type.Integer(), INCONCLUSIVE: Type.Integer() },
  { description: "items by status; INCONCLUSIVE is all that neither passed nor failed" },
);

/** An issue with how many items it was seen on. */
export const CountedIssue = Type.Object({
  id: Type.String(),
  version: Type.Integer(),
  comment: NullableString,
  report_url: NullableString,
  incidents_info: StatusCount,
});

/** "Nothing found" is a 200 with an error text: every answer that has one is this or the real thing. */
export const NothingFound = Type.Object({ error: Type.String() }, { description: "nothing was found" });

/** The schema of a 200 that is either the answer or an error text. */
export const foundOrNot = <T extends TSchema>(
  schema: T,
): ReturnType<typeof Type.Union<[T, typeof NothingFound]>> => Type.Union([schema, NothingFound]);

/** What every error looks like. */
export const ErrorAnswer = Type.Object({ error: Type.String() });

/** The schema of an error's answer. */
export function errorAnswer(description: string): ReturnType<typeof Type.Object> {
  return Type.Object({ error: Type.String() }, { description });
}

/** Answers that every route may give beside its own. "Nothing found" is a 200 with the same shape. */
export const ERROR_ANSWERS = {
  400: errorAnswer("What is wrong with the request, naming the parameter"),
  429: errorAnswer("Too many requests came from this address; `Retry-After` tells when to try again"),
  500: errorAnswer("An internal error, with the id under which the log has it"),
  503: errorAnswer("The server or its database is busy; `Retry-After` tells when to try again"),
};

/** The same where a request has a body. */
export const BODY_ERROR_ANSWERS = {
  ...ERROR_ANSWERS,
  413: errorAnswer("The body is larger than 2,621,440 bytes"),
};
