/**
 * Lets every promise chain that an event started run to its end. The one place of the simulator that leans on
 * the real event loop: an immediate comes after all microtasks, however many follow from one another, and the
 * simulated world has no other business with the loop.
 */
export function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
