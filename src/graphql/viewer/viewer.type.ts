import { Field, Float, Int, ObjectType } from 'type-graphql'
import type { Principal } from '../../auth/principal.js'
import type { Scope } from '../../auth/scope.js'
import type { EpochMs } from '../../lib/clock.js'
import type { CostBudget } from '../cost/cost-budgets.js'
import { costOfList } from '../cost/field-cost.js'
import { DateTimeScalar } from '../scalars/date-time.js'
import { enumType } from '../scalars/enum-type.js'

/** `streams:read` is STREAMS_READ. */
type ScopeName = Scope extends infer Text
  ? Text extends `${infer Subject}:${infer Verb}`
    ? `${Uppercase<Subject>}_${Uppercase<Verb>}`
    : never
  : never

const ScopeEnum = enumType<ScopeName>('Scope', 'What a grant allows. Files and messages write STREAMS_READ as streams:read.', {
  STREAMS_READ: 'Read streams and their fields, except those with a scope of their own.',
  ENDPOINTS_READ: 'Stream.dataEndpoint.',
  HLS_CREATE: 'Stream.hlsStreamingSession.',
  CLIPS_VALIDATE: 'validateClip.',
  CLIPS_REQUEST: 'requestClip, requestClips, renewClipUrl, clip and clipProgress.',
  CLIPS_KEEP: 'Keep clips. This version has no operation that needs it.',
  CLIPS_REVOKE: 'revokeClipUrls.',
  METRICS_READ: 'GET /metrics.',
})

const PrincipalKindEnum = enumType<Principal['kind']>('PrincipalKind', 'The kind of a principal.', {
  ANONYMOUS: 'Everyone, because this gateway requires no credentials.',
  API_KEY: 'An API key.',
  OIDC: 'The subject of an access token of an OpenID Connect issuer.',
})

@ObjectType('Grant', { description: 'Scopes, and the streams that they apply to.', simpleResolvers: true })
class GrantType {
  @Field(() => [ScopeEnum], { description: 'What the grant allows.' })
  readonly scopes!: readonly string[]

  @Field(() => [String], { description: 'Stream patterns: names such as lobby-*, ARNs, tags such as tag:site=berlin, or *.' })
  readonly streams!: readonly string[]
}

@ObjectType('CostBudget', { description: 'The remaining query-cost budget.', simpleResolvers: true })
class CostBudgetType implements CostBudget {
  @Field(() => Int, { description: 'Maximum points.' })
  readonly maximum!: number

  @Field(() => Int, { description: 'Points that are available now.' })
  readonly available!: number

  @Field(() => Float, { description: 'Points that are added each second.' })
  readonly restoredPerSecond!: number
}

@ObjectType('Viewer', { description: 'Who sends the request, and what they may do.', simpleResolvers: true })
export class ViewerType {
  @Field(() => PrincipalKindEnum, { description: 'The kind of the principal.' })
  readonly kind!: Principal['kind']

  @Field(() => String, { nullable: true, description: 'Name of the API key, or the subject of the token. Null for ANONYMOUS.' })
  readonly name!: string | null

  @Field(() => [GrantType], { description: 'What the principal may do, and on which streams.', complexity: costOfList(3) })
  readonly grants!: readonly GrantType[]

  @Field(() => [ScopeEnum], { description: 'All scopes of all grants.' })
  readonly scopes!: readonly string[]

  @Field(() => [String], { description: 'All stream patterns of all grants.' })
  readonly streams!: readonly string[]

  @Field(() => DateTimeScalar, {
    name: 'expiresAt',
    simple: false,
    nullable: true,
    description: 'When the credential expires. Null when it does not expire.',
  })
  readonly expiresAtMs!: EpochMs | null

  @Field(() => CostBudgetType, { nullable: true, description: 'The remaining query-cost budget. Null when there is no rate limit.' })
  readonly budget!: CostBudgetType | null
}

export function toScopeName(scope: Scope): string {
  return scope.replace(':', '_').toUpperCase()
}
