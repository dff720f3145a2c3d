/** What `verify_env` says about one item (chapter 08, section 4.1). */
export interface Result {
  item: string;
  isGood: boolean;
  message: string;
}

export const pass = (item: string, message: string): Result => ({ item, isGood: true, message });
export const fail = (item: string, message: string): Result => ({ item, isGood: false, message });
