/**
 * The keyspaces of a node alone as bytes, in its data directory: a document (checked-document.ts) named "KVKS", version 1,
 *
 *   keyspaces   [{ name, copies: [{ datacenter, count }], read, write, storage, ttlMs, conflictRule, mode }]   by name
 *
 * each as in version 3 of a topology. DO NOT CHANGE: see docs/formats/topology.md to add a version.
 */
import { corrupt, decodeDocument, encodeDocument } from "./checked-document.ts";
import { DEFAULT_KEYSPACE, findKeyspaceFault, type Keyspace } from "./topology.ts";
import { buildKeyspace, KEYSPACES_VERSION, keyspaceFields } from "./topology-codec.ts";

const MAGIC = "KVKS";
const VERSION = 1;

export function encodeKeyspaces(keyspaces: readonly Keyspace[]): Uint8Array {
  const fields = keyspaces.map((keyspace) => keyspaceFields(keyspace, KEYSPACES_VERSION));
  return encodeDocument(MAGIC, VERSION, { keyspaces: fields });
}

/** Throws StoreError CORRUPTION if encodeKeyspaces did not make these bytes. */
export function decodeKeyspaces(bytes: Uint8Array): readonly Keyspace[] {
  const keyspaces = decodeDocument(
    bytes,
    { magic: MAGIC, version: VERSION },
    (fields) => fields.objects("keyspaces", (each) => buildKeyspace(each, KEYSPACES_VERSION)),
    encodeKeyspaces,
  );
  const fault = keyspaces.map(findKeyspaceFault).find(Boolean);
  if (fault !== undefined) throw corrupt(fault);
  if (!keyspaces.some(({ name }) => name === DEFAULT_KEYSPACE)) throw corrupt("no default keyspace");
  return keyspaces;
}
