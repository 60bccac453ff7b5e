/** Hears of every request that goes over the wire to Kinesis Video, repeated ones too. */
export interface KvsRequestListener {
  /** `outcome` is "ok", the name of an exception that is known, or "other"; `seconds` last until the headers of the answer, or its end when it has no media. */
  onRequest(request: { readonly operation: string; readonly outcome: string; readonly seconds: number }): void
  /** Media bytes that have come. */
  onBytes(operation: string, bytes: number): void
}

export const silentListener: KvsRequestListener = {
  onRequest: () => undefined,
  onBytes: () => undefined,
}
