import type { GatewayError } from '../../domain/errors.js'

/** What one fetch hears; of no effect once it has ended. */
export interface PartWait {
  hear(reason: GatewayError): void
  end(): void
}

/**
 * Why parts whose headers have not come have to wait for their stream's quota. The fetch of a part hears of it, and is one clip's, while
 * clips of other ranges, cuts or names may wait for the same part. Holds no more than there are fetches.
 */
export class PartWaits {
  /** Null for a part that does not wait. */
  readonly #reasons = new Map<string, { reason: GatewayError | null }>()

  begin(key: string): PartWait {
    const wait: { reason: GatewayError | null } = { reason: null }
    this.#reasons.set(key, wait)
    return {
      hear: (reason) => {
        wait.reason = toClearer(wait.reason, reason)
      },
      end: () => {
        // Whoever came after the last one had left may have begun the part anew.
        if (this.#reasons.get(key) === wait) this.#reasons.delete(key)
      },
    }
  }

  /** Null when none of the parts has to wait. */
  reasonOf(keys: readonly string[]): GatewayError | null {
    return keys.reduce<GatewayError | null>((known, key) => toClearer(known, this.#reasons.get(key)?.reason ?? null), null)
  }
}

/** An answer of the service says more than that points are not there yet. */
function toClearer(known: GatewayError | null, reason: GatewayError | null): GatewayError | null {
  return known === null || reason?.details.awsRequestId !== undefined ? reason : known
}
