/** Questions to the operator. */
import { createInterface } from "node:readline";

/**
 * Asks a question whose answer is yes or no; the end of the input is a no.
 *
 * @param write shows the question
 */
export async function isConfirmed(
  question: string,
  input: NodeJS.ReadableStream,
  write: (text: string) => void,
  signal?: AbortSignal,
): Promise<boolean> {
  write(question);
  const lines = createInterface({ input, ...(signal ? { signal } : {}) });
  try {
    const answer = await lines[Symbol.asyncIterator]().next();
    return answer.done !== true && /^y(es)?$/i.test(answer.value.trim());
  } finally {
    lines.close();
  }
}
