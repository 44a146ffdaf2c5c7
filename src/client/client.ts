/**
 * Kvorum's own client: what a Redis client cannot say by itself. It will know the ring, so that each request goes
 * straight to a replica, and carry causal contexts, so that what was read is what a write replaces.
 */
export {};
