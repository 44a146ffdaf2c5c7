/** Kvorum's version. A test holds it equal to package.json's, so that nothing need be read at run time. */
export const VERSION = "0.1.0";
