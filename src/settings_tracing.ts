/** The variables of traces, under OpenTelemetry's own names. Whatever else its exporter knows it reads itself. */
import type { EnvironmentReader, SettingDefinition } from "./settings_reader.ts";

export interface TracingSettings {
  /** Where traces go, without `/v1/traces`; there are none when it is undefined. */
  endpoint: string | undefined;
  /** Sent with them. */
  headers: Readonly<Record<string, string>>;
  serviceName: string;
  /** Of requests that come without a decision: from 0, none, to 1, all. */
  ratio: number;
}

export function tracingSettings(read: EnvironmentReader): TracingSettings {
  return {
    endpoint: endpoint(read),
    headers: headers(read),
    serviceName: read.text({
      name: "OTEL_SERVICE_NAME",
      fallback: "kernelboard",
      about: "name of this service in traces",
    }),
    ratio: ratio(read),
  };
}

function endpoint(read: EnvironmentReader): string | undefined {
  const definition: SettingDefinition<string> = {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    fallback: "",
    example: "http://collector:4318",
    about: "where traces are sent by OTLP over HTTP; none are made without it",
  };
  const text = read.parse(definition, (value) => {
    if (value !== "" && (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)))
      throw read.wrong(definition, "is no address of the form http(s)://host:port");
    return value.replace(/\/+$/, "");
  });
  return text === "" ? undefined : text;
}

function headers(read: EnvironmentReader): Readonly<Record<string, string>> {
  const definition: SettingDefinition<string> = {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    fallback: "",
    example: "authorization=Bearer%20...",
    secret: true,
    about: "headers sent with traces, as name=value with commas between them, values percent-encoded",
  };
  const found: Record<string, string> = {};
  read.parse(definition, (text) => {
    for (const pair of text.split(",").filter((part) => part.trim() !== "")) {
      const match = /^\s*(?<name>[\w!#$%&'*+.^|~-]+)\s*=\s*(?<value>[^\r\n]*?)\s*$/.exec(pair);
      const value = decoded(match?.groups?.value);
      if (match?.groups?.name === undefined || value === undefined)
        throw read.wrong(definition, "must be name=value pairs with commas between them");
      found[match.groups.name.toLowerCase()] = value;
    }
    return text;
  });
  return found;
}

function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function ratio(read: EnvironmentReader): number {
  const definition: SettingDefinition<number> = {
    name: "OTEL_TRACES_SAMPLER_ARG",
    fallback: 1,
    example: "0.1",
    about:
      "share of requests and batches that are traced, from 0 to 1; requests that bring a decision keep it",
  };
  return read.parse(definition, (text) => {
    const value = Number(text);
    if (!/^\d*\.?\d+$/.test(text) || value > 1)
      throw read.wrong(definition, `'${text}' is no number from 0 to 1`);
    return value;
  });
}
