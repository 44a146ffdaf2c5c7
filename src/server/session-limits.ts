/** Until when a session goes on running what it has received. */

/** Replies waiting in this process beyond which it stops until its reader catches up. */
export const UNSENT_BYTES_PAUSE = 1024 * 1024;

/** How long its requests may keep all others waiting, unless it is a single one that takes longer. */
export const TURN_MICROS_MAX = 10_000;
