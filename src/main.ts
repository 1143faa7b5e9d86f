/** @module The `pithead` command. */
export {};
