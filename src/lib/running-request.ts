import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'

export interface RequestOrigin {
  readonly id: string
  /** The address of the client, as TRUST_PROXY resolves it. */
  readonly address: string
}

const running = new AsyncLocalStorage<RequestOrigin & { principalId: string }>()

/** A proxy or a client may choose the ID. Only characters that are harmless in a header and in a log. */
const ALLOWED = /^[A-Za-z0-9._-]{8,64}$/

/** The ID that came with the request, if it is well formed. Otherwise a new one. */
export function toRequestId(given: string | string[] | undefined): string {
  return typeof given === 'string' && ALLOWED.test(given) ? given : randomUUID()
}

/** Runs a function, and the asynchronous work that it starts, for a request. Work that several requests share belongs to the first. */
export function runRequest<Result>({ id, address }: RequestOrigin, run: () => Result): Result {
  return running.run({ id, address, principalId: '' }, run)
}

export function notePrincipal(principalId: string): void {
  const request = running.getStore()
  if (request !== undefined) request.principalId = principalId
}

/** The ID of the request that this code works for. Null outside a request. */
export function findRequestId(): string | null {
  return running.getStore()?.id ?? null
}

/** The address of the client that this code works for. Empty outside a request. */
export function findClientAddress(): string {
  return running.getStore()?.address ?? ''
}

/** Who sent the request that this code works for. Empty outside a request, and if no one has to sign in. */
export function findPrincipalId(): string {
  return running.getStore()?.principalId ?? ''
}
