/** Something that the API has, as the query cache wants it: its key, and how to get it. */
export interface Resource<T> {
  queryKey: readonly string[];
  queryFn: (context: { signal: AbortSignal }) => Promise<T>;
}
