/** What a grant allows. `limits` and `viewer` need no scope. */
export const SCOPES = [
  /** Streams and their fields, except those that have a scope of their own. */
  'streams:read',
  'endpoints:read',
  'hls:create',
  'clips:validate',
  'clips:request',
  'clips:keep',
  'clips:revoke',
  /** GET /metrics. */
  'metrics:read',
] as const
export type Scope = (typeof SCOPES)[number]

export function isScope(value: unknown): value is Scope {
  return SCOPES.some((scope) => scope === value)
}
