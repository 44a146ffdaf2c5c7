/** The version of Redis whose behaviour the door follows: clients choose what they send by it. */
export const REDIS_VERSION = "7.0.15";
