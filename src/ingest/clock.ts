/** The time at which objects are taken in: microseconds, UTC, each later than the one before (chapter 02, section 8). */
export function microsecondClock(now: () => number = Date.now): () => string {
  let last = 0;
  let millisecond = 0;
  let text = "";
  return () => {
    last = Math.max(now() * 1000, last + 1);
    const current = Math.floor(last / 1000);
    if (current !== millisecond) {
      millisecond = current;
      text = new Date(current).toISOString().slice(0, -1);
    }
    return `${text}${String(last - current * 1000).padStart(3, "0")}Z`;
  };
}
