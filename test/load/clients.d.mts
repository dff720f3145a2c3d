/** What tests use of clients.mjs. */
export interface Target {
  group: string;
  path: string;
  body?: unknown;
}

export interface Noted {
  scenario: string;
  group: string;
  ms: number;
  status: number;
  problem?: string;
}

export class Records {
  all: Noted[];
  asked: Map<string, Map<string, Target>>;
  bytes: number;
}

export type Open = (
  group: string,
  path: string,
  options?: { body?: unknown; read?: boolean },
) => Promise<unknown>;

export class Clients {
  constructor(base: string, records: Records);
  newClient(options?: { isBrowser?: boolean }): (scenario: string) => Open;
}

export function exchange(url: string): Promise<{ status: number; bytes: Buffer; encoding?: string }>;

export function textOf(bytes: Buffer, encoding?: string): Promise<string>;
