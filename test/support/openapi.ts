/** The API's description as tests read it. */

export interface Schema {
  $ref?: string;
  type?: string;
  enum?: unknown[];
  default?: unknown;
  items?: Schema;
}

export interface Parameter {
  name: string;
  in: "path" | "query";
  required: boolean;
  description?: string;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
  schema: Schema;
}

export interface Answer {
  description: string;
  content: Record<string, { schema: Schema }>;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  parameters?: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, Answer>;
}

export interface OpenApi {
  openapi: string;
  info: object;
  components: { schemas: Record<string, Schema> };
  paths: Record<string, Record<string, Operation>>;
}
