/** What people call the members: the label of a machine where it tells one node from all others, else an address. */
interface NamedMember {
  readonly id: string;
  readonly machine: string;
  readonly host?: string | null | undefined;
  readonly port?: number | null | undefined;
}

/** The machine's own id, which nobody has chosen. */
const OWN_MACHINE_ID = /^[0-9a-f]{16}$/;

export function memberNames(members: readonly NamedMember[]): ReadonlyMap<string, string> {
  const nodesOf = new Map<string, number>();
  for (const { machine } of members) nodesOf.set(machine, (nodesOf.get(machine) ?? 0) + 1);
  return new Map(
    members.map(({ id, machine, host, port }) => {
      const isTelling = machine !== "" && nodesOf.get(machine) === 1 && !OWN_MACHINE_ID.test(machine);
      if (isTelling) return [id, machine];
      return [id, host && port ? `${host}:${port}` : id];
    }),
  );
}
