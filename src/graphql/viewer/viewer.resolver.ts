import { Ctx, Query, Resolver } from 'type-graphql'
import type { RequestContext } from '../context.js'
import type { CostMeter } from '../cost/cost-meter.js'
import { toScopeName, ViewerType } from './viewer.type.js'

@Resolver()
export class ViewerResolver {
  constructor(private readonly meter: Pick<CostMeter, 'budget'> | null) {}

  @Query(() => ViewerType, { description: 'Who sends the request: what they may do, and what they may still spend.' })
  viewer(@Ctx() { caller: { principal } }: RequestContext): ViewerType {
    const { kind, name, expiresAtMs } = principal
    const grants = principal.grants.map(({ scopes, streams }) => ({
      scopes: scopes.map(toScopeName),
      streams: streams.map(({ text }) => text),
    }))
    return {
      kind,
      name,
      grants,
      scopes: [...new Set(grants.flatMap(({ scopes }) => scopes))],
      streams: [...new Set(grants.flatMap(({ streams }) => streams))],
      expiresAtMs,
      budget: this.meter?.budget ?? null,
    }
  }
}
