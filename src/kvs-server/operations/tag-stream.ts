import type { KvsServices } from '../kvs-services.js'
import type { Operation } from '../operation.js'
import type { StreamSelector } from '../wire/stream-selector.js'
import { parseTaggedStream, parseTagMap } from '../wire/tag-input.js'

interface Input {
  readonly selector: StreamSelector
  readonly tags: ReadonlyMap<string, string>
}

/** Tags come as a map here, and as a list in TagResource. */
export const tagStream: Operation<Input, Pick<KvsServices, 'streams' | 'tags'>> = {
  name: 'TagStream',
  parse: (input) => ({ selector: parseTaggedStream(input), tags: parseTagMap(input) }),
  run({ selector, tags }, services) {
    services.tags.put(services.streams.get(selector).id, tags)
    return {}
  },
}
