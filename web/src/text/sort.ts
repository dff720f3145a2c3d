/** The order of a table as a search parameter: the name of a column, after a minus when descending. */

export type Sort<Column extends string> = Column | `-${Column}`;

/** A parameter as an order by one of some columns, a fallback when it is none. */
export function sortOr<const Column extends string>(
  value: unknown,
  columns: readonly Column[],
  fallback: Sort<Column>,
): Sort<Column> {
  const orders = columns.flatMap((column): Sort<Column>[] => [column, `-${column}`]);
  return orders.find((order) => order === value) ?? fallback;
}

/** The column and direction of an order. */
export function sortParts(sort: string): { id: string; desc: boolean } {
  return sort.startsWith("-") ? { id: sort.slice(1), desc: true } : { id: sort, desc: false };
}
