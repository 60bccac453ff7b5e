import { Arg, ID, Resolver, type ResolverData, Root, Subscription } from 'type-graphql'
import type { Clip } from '../../domain/clip.js'
import { GatewayError } from '../../domain/errors.js'
import type { RequestContext } from '../context.js'
import { costOfClip } from '../field-cost.js'
import { ClipType } from './clip.type.js'

@Resolver()
export class ClipProgressResolver {
  @Subscription(() => ClipType, {
    complexity: costOfClip,
    description:
      'The clip, now and at each change, until it is READY or FAILED: at most four times a second, and always the last state. Starts the fetch of a clip that is not stored. An id that is not ours is an error (NOT_FOUND).',
    subscribe: watchClip,
  })
  clipProgress(@Root() clip: Clip, @Arg('id', () => ID, { description: 'Clip.id.' }) _id: string): Clip {
    return clip
  }
}

function watchClip({ args, context }: Pick<ResolverData<RequestContext>, 'args' | 'context'>): AsyncIterable<Clip> {
  const clips = context.watchClip(String(args.id))
  if (clips === null) throw new GatewayError('NOT_FOUND', 'There is no clip with this id.')
  return clips
}
