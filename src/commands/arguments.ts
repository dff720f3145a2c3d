/** Parsers of command-line values; a bad one ends with a usage error, exit code 2. */
import { InvalidArgumentError } from "commander";

/** A whole number within bounds. */
export function wholeNumber(minimum: number, maximum = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError(`'${text}' is not a whole number`);
    const value = Number(text);
    if (value < minimum)
      throw new InvalidArgumentError(
        minimum === 1 ? `${value} has to be greater than 0` : `${value} is below ${minimum}`,
      );
    if (value > maximum) throw new InvalidArgumentError(`${value} is above ${maximum}`);
    return value;
  };
}
