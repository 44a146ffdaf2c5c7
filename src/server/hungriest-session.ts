/** Which client to close when all of them together hold too much. */

interface HoldingSession {
  readonly heldBytes: number;
  readonly isSpared: boolean;
}

/**
 * Undefined if nobody holds anything, but for those to be spared. These are spared as long as they hold no more
 * than half the limit together: any client may ask to be, and the others must have room.
 */
export function hungriestSession<S extends HoldingSession>(
  sessions: Iterable<S>,
  limitBytes: number,
): S | undefined {
  let hungriest: S | undefined;
  let hungriestSpared: S | undefined;
  let sparedBytes = 0;
  for (const session of sessions) {
    const { heldBytes } = session;
    if (!session.isSpared) {
      if (heldBytes > (hungriest?.heldBytes ?? 0)) hungriest = session;
      continue;
    }
    sparedBytes += heldBytes;
    if (heldBytes > (hungriestSpared?.heldBytes ?? 0)) hungriestSpared = session;
  }
  return sparedBytes > limitBytes / 2 ? hungriestSpared : hungriest;
}
