import { AwsException } from './aws-exception.js'
import type { Operation } from './operation.js'

/** Operations that this server does not offer because clips do not need them. The refusal names the operation. */
export const REFUSED_OPERATIONS = [
  'CreateSignalingChannel',
  'DeleteEdgeConfiguration',
  'DeleteSignalingChannel',
  'DescribeEdgeConfiguration',
  'DescribeImageGenerationConfiguration',
  'DescribeMappedResourceConfiguration',
  'DescribeMediaStorageConfiguration',
  'DescribeNotificationConfiguration',
  'DescribeSignalingChannel',
  'GetDASHStreamingSessionURL',
  'GetImages',
  'GetSignalingChannelEndpoint',
  'ListEdgeAgentConfigurations',
  'ListSignalingChannels',
  'StartEdgeConfigurationUpdate',
  'UpdateImageGenerationConfiguration',
  'UpdateMediaStorageConfiguration',
  'UpdateNotificationConfiguration',
  'UpdateSignalingChannel',
] as const

// No exception that the models know says "not here": those would tell a program that its input or its rights were wrong. AWS answers
// with this name to operations that a host does not have, and every client shows it by name.
export function createRefusal(name: (typeof REFUSED_OPERATIONS)[number]): Operation<never, unknown> {
  return {
    name,
    parse() {
      throw new AwsException('UnknownOperationException', `${name} is not offered by this server (clipgate's embedded KVS)`)
    },
    run: (input) => input,
  }
}
