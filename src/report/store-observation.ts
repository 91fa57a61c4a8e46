/** Told of every store operation: what it was, how long it took, whether it failed. */
export type ObserveStore = (operation: string, milliseconds: number, failed: boolean) => void
