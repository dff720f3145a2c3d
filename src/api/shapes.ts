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

export const Status = Type.Enum(["PASS", "FAIL", "SKIP", "ERROR", "MISS", "DONE", "NULL"], {
  description: "NULL when there is no verdict",
});

function errorAnswer(description: string): ReturnType<typeof Type.Object> {
  return Type.Object({ error: Type.String() }, { description });
}

/** Answers that every route may give beside its own. "Nothing found" is a 200 with the same shape. */
export const ERROR_ANSWERS = {
  400: errorAnswer("What is wrong with the request, naming the parameter"),
  500: errorAnswer("An internal error, with the id under which the log has it"),
};
