/** A schema that cannot be migrated; the message is for the operator. */
export class MigrationError extends Error {
  override name = "MigrationError";
}
