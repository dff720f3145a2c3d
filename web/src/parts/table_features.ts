/** What tables of this page can do. */
import { createSortedRowModel, metaHelper, rowSortingFeature, tableFeatures } from "@tanstack/react-table";

/** How a column is laid out. */
export interface ColumnLayout {
  /** Width where columns are side by side; the others share what is left. */
  width?: string;
  /** Classes of the cells, among them the place on cards, which rows are where the screen is narrow. */
  cell?: string;
  /** What sorting by the column means where its name does not say it. */
  sortHint?: string;
}

export const FEATURES = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  columnMeta: metaHelper<ColumnLayout>(),
});

export type Features = typeof FEATURES;
