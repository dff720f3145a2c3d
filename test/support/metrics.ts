/** Metrics as a scraper reads them. */

export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Samples by the name of their series. */
export type Samples = Map<string, Sample[]>;

const LINE = /^(?<name>[a-zA-Z_:][\w:]*)(?:\{(?<labels>.*)\})? (?<value>\S+)$/;
const LABEL = /(\w+)="((?:[^"\\]|\\.)*)"/g;

/** Reads metrics over HTTP. @throws Error where a line is none of the format */
export async function scrape(url: string): Promise<Samples> {
  const response = await fetch(url);
  const type = response.headers.get("content-type");
  if (type !== "text/plain; version=0.0.4; charset=utf-8") throw new Error(`unexpected type ${type ?? ""}`);
  return parseSamples(await response.text());
}

export function parseSamples(text: string): Samples {
  const samples: Samples = new Map();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const { name, labels = "", value } = LINE.exec(line)?.groups ?? {};
    if (name === undefined) throw new Error(`this is no sample: ${line}`);
    const pairs = [...labels.matchAll(LABEL)].map(([, key = "", text = ""]) => [key, text] as const);
    samples.set(name, [
      ...(samples.get(name) ?? []),
      { labels: Object.fromEntries(pairs), value: Number(value) },
    ]);
  }
  return samples;
}

/** The value of the one sample with these labels; undefined when there is none. */
export function valueOf(
  samples: Samples,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const wanted = Object.entries(labels);
  const found = (samples.get(name) ?? []).filter((sample) =>
    wanted.every(([key, value]) => sample.labels[key] === value),
  );
  if (found.length > 1) throw new Error(`${found.length} samples of ${name} have ${JSON.stringify(labels)}`);
  return found[0]?.value;
}

/** Samples as `label,label value`, without zeros, for comparison. */
export function listed(samples: Samples, name: string, labels: readonly string[]): string[] {
  return (samples.get(name) ?? [])
    .filter(({ value }) => value !== 0)
    .map((sample) => `${labels.map((label) => sample.labels[label]).join(",")} ${sample.value}`)
    .sort();
}
