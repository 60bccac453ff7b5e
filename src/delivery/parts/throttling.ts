import type { GatewayError } from '../../domain/errors.js'

/** Of two reasons why a call is late, an answer of the service says more than a wait for the quota. Then the later one counts. */
export function toClearer(known: GatewayError | null, reason: GatewayError | null): GatewayError | null {
  if (reason === null) return known
  return known === null || reason.details.awsRequestId !== undefined ? reason : known
}
