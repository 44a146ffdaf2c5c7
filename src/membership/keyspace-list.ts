/**
 * The keyspaces of a node alone as bytes, in its data directory: a document (checked-document.ts) named "KVKS", version 1, or 2 if one is in memory,
 *
 *   keyspaces   [{ name, copies: [{ datacenter, count }], read, write, storage, ttlMs, conflictRule, mode }]   by name
 *
 * each as in version 3 of a topology, or 4. DO NOT CHANGE: see docs/formats/topology.md to add a version.
 */
import { corrupt, decodeDocument, encodeDocument } from "./checked-document.ts";
import { DEFAULT_KEYSPACE, findKeyspaceFault, type Keyspace } from "./topology.ts";
import { buildKeyspace, KEYSPACES_VERSION, keyspaceFields, MEMORY_VERSION } from "./topology-codec.ts";

const MAGIC = "KVKS";
/** And which version of a topology has keyspaces alike. */
const PLAIN = { version: 1, like: KEYSPACES_VERSION };
const IN_MEMORY = { version: 2, like: MEMORY_VERSION };

export function encodeKeyspaces(keyspaces: readonly Keyspace[]): Uint8Array {
  const { version, like } = keyspaces.some(({ storage }) => storage === "memory") ? IN_MEMORY : PLAIN;
  const fields = keyspaces.map((keyspace) => keyspaceFields(keyspace, like));
  return encodeDocument(MAGIC, version, { keyspaces: fields });
}

/** Throws StoreError CORRUPTION if encodeKeyspaces did not make these bytes. */
export function decodeKeyspaces(bytes: Uint8Array): readonly Keyspace[] {
  const { version, like } = bytes[4] === IN_MEMORY.version ? IN_MEMORY : PLAIN;
  const keyspaces = decodeDocument(
    bytes,
    { magic: MAGIC, version },
    (fields) => fields.objects("keyspaces", (each) => buildKeyspace(each, like)),
    encodeKeyspaces,
  );
  const fault = keyspaces.map(findKeyspaceFault).find(Boolean);
  if (fault !== undefined) throw corrupt(fault);
  if (!keyspaces.some(({ name }) => name === DEFAULT_KEYSPACE)) throw corrupt("no default keyspace");
  return keyspaces;
}
