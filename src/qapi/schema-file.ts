/**
 * The protocol's schema as data: commands, types, enums, events (`qmp-schema.json`), with the shape it has on disk.
 * Everything that knows a command, an argument or an event by name derives from this one file.
 */
import schemaJson from './qmp-schema.json' with { type: 'json' };

/** The name of a type (`str`, `int`, `[KeyValue]`, `SocketAddress`) or the members of a nameless struct. */
export type TypeText = string | { readonly [member: string]: SchemaMember };

export interface SchemaMember {
  readonly type: TypeText;
  readonly optional?: boolean;
  readonly values?: readonly string[];
}

export interface SchemaCommand {
  readonly args: { readonly [argument: string]: SchemaMember };
  /** `empty`, a type's name, or `[T]`. */
  readonly returns: string;
  /** Arguments as the reference's command table has them: `device:s,size:i,format:s?`. */
  readonly table: string;
  readonly mandatoryCheckOrder?: readonly string[];
}

export interface SchemaStruct {
  readonly kind: 'struct';
  readonly members: { readonly [member: string]: SchemaMember };
  readonly wireOrder: readonly string[];
}

/** On the wire `{"type": BRANCH, "data": VALUE}`. */
export interface SchemaUnion {
  readonly kind: 'union';
  readonly branches: { readonly [branch: string]: string };
}

/** A member's type in an event: `str`, `str? text`, `int bytes`, `read|write`, or nested members. */
export type EventMember = string | { readonly [member: string]: EventMember };

export interface SchemaEvent {
  readonly data: { readonly [member: string]: EventMember };
  /** Milliseconds between two deliveries; 0 = every event is delivered. */
  readonly rate_limit_ms: number;
}

export interface SchemaFile {
  readonly commands: { readonly [name: string]: SchemaCommand };
  readonly types: { readonly [name: string]: SchemaStruct | SchemaUnion };
  readonly enums: { readonly [name: string]: readonly string[] };
  readonly events: { readonly [name: string]: SchemaEvent };
  readonly eventsOrder: readonly string[];
}

// The compiler's own reading of 125 KB of literals is of no use to anyone: the shape above is what the tests check.
export const qmpSchema = schemaJson as unknown as SchemaFile;
