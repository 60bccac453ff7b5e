import type { Clip, ClipAnswer, ClipInput, ClipValidation } from '../domain/clip.js'
import type { ClipContent } from './clip-content.js'

/** Clips from request to bytes. Whatever is not an issue, a failure or a ClipUnavailable is thrown as a GatewayError. */
export interface ClipService {
  /** What `request` would do with this input, without fetching media. */
  validate(input: ClipInput, options: { readonly probe: boolean }, signal: AbortSignal): Promise<ClipValidation>
  /** Opens the clip's parts and resolves once their headers have come, so that a refusal is among the issues. */
  request(input: ClipInput, signal: AbortSignal): Promise<ClipAnswer>
  /** Null when the id is not ours or no longer valid. */
  find(id: string, signal: AbortSignal): Promise<Clip | null>
  /** A fresh URL; null when the id is not ours. */
  renew(id: string, expiresInSeconds: number | null, signal: AbortSignal): Promise<ClipAnswer | null>
  /** What a URL's token opens. Throws ClipUnavailable. */
  open(token: string, signal: AbortSignal): Promise<ClipContent>
  /** The clip now and at each change (four a second at most, the last always), until it is READY or FAILED. Ends at once for a foreign id. */
  watch(id: string, signal: AbortSignal): AsyncIterable<Clip>
}
