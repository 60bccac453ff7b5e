/* eslint-disable */
import * as types from './graphql.js';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "fragment ClipFields on Clip {\n  id\n  state\n  form\n  downloadUrl\n  expiresAt\n  fileName\n  contentType\n  requested {\n    ...RangeFields\n  }\n  delivered {\n    ...RangeFields\n  }\n  truncated\n  gaps {\n    ...RangeFields\n  }\n  fragmentCount\n  sizeBytes\n  durationMs\n  progress\n  etag\n  failure {\n    code\n    message\n    retryable\n  }\n}\n\nfragment IssueFields on ClipIssue {\n  code\n  severity\n  message\n  path\n  hint\n  ranges {\n    ...RangeFields\n  }\n  retryAfterMs\n}\n\nfragment RangeFields on TimestampRange {\n  startTimestamp\n  endTimestamp\n  durationMs\n}": typeof types.ClipFieldsFragmentDoc,
    "subscription ClipProgress($id: ID!) {\n  clipProgress(id: $id) {\n    ...ClipFields\n  }\n}": typeof types.ClipProgressDocument,
    "query Clip($id: ID!) {\n  clip(id: $id) {\n    ...ClipFields\n  }\n}": typeof types.ClipDocument,
    "mutation RequestClip($input: ClipInput!) {\n  requestClip(input: $input) {\n    clip {\n      ...ClipFields\n    }\n    issues {\n      ...IssueFields\n    }\n  }\n}": typeof types.RequestClipDocument,
    "query StreamCoverage($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $maxGapMs: Milliseconds! = 1000) {\n  stream(name: $name) {\n    name\n    coverage(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      maxGapMs: $maxGapMs\n    ) {\n      spans {\n        range {\n          startTimestamp\n          endTimestamp\n        }\n        fragmentCount\n        sizeBytes\n      }\n      gaps {\n        startTimestamp\n        endTimestamp\n        durationMs\n      }\n      fragmentCount\n      sizeBytes\n      durationMs\n    }\n  }\n}": typeof types.StreamCoverageDocument,
    "query StreamEndpoints($first: Int!, $namePrefix: String, $apiName: ApiName! = GET_CLIP) {\n  streams(first: $first, namePrefix: $namePrefix) {\n    nodes {\n      name\n      dataEndpoint(apiName: $apiName)\n      again: dataEndpoint(apiName: $apiName)\n    }\n  }\n}": typeof types.StreamEndpointsDocument,
    "query StreamFragments($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $first: Int! = 100, $after: String) {\n  stream(name: $name) {\n    name\n    fragments(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      first: $first\n      after: $after\n    ) {\n      nodes {\n        fragmentNumber\n        producerTimestamp\n        serverTimestamp\n        lengthMs\n        sizeBytes\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        endCursor\n      }\n    }\n  }\n}": typeof types.StreamFragmentsDocument,
    "query StreamHlsSession($name: String!, $playbackMode: HlsPlaybackMode! = LIVE, $range: TimestampRangeInput, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $expiresInSeconds: Int! = 300) {\n  stream(name: $name) {\n    name\n    hlsStreamingSession(\n      playbackMode: $playbackMode\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      expiresInSeconds: $expiresInSeconds\n    ) {\n      url\n      expiresAt\n    }\n  }\n}": typeof types.StreamHlsSessionDocument,
    "query StreamMedia($name: String!, $at: DateTime, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP) {\n  stream(name: $name) {\n    name\n    media(at: $at, fragmentSelectorType: $fragmentSelectorType) {\n      video {\n        codecId\n        codec\n        width\n        height\n        frameRate\n      }\n      audio {\n        codecId\n        codec\n        channels\n        sampleRate\n      }\n      clippable\n      issues {\n        code\n        severity\n        message\n        hint\n      }\n    }\n  }\n}": typeof types.StreamMediaDocument,
    "query Streams($first: Int! = 50, $after: String, $namePrefix: String) {\n  streams(first: $first, after: $after, namePrefix: $namePrefix) {\n    nodes {\n      id\n      name\n      arn\n      status\n      mediaType\n      createdAt\n      dataRetentionInHours\n      retainedFrom\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": typeof types.StreamsDocument,
    "query ValidateClip($input: ClipInput!, $probe: Boolean! = false) {\n  validateClip(input: $input, probe: $probe) {\n    valid\n    issues {\n      ...IssueFields\n    }\n    plan {\n      fragmentCount\n      estimatedBytes\n      requested {\n        ...RangeFields\n      }\n      delivered {\n        ...RangeFields\n      }\n      truncated\n      gaps {\n        ...RangeFields\n      }\n      parts\n    }\n  }\n}": typeof types.ValidateClipDocument,
};
const documents: Documents = {
    "fragment ClipFields on Clip {\n  id\n  state\n  form\n  downloadUrl\n  expiresAt\n  fileName\n  contentType\n  requested {\n    ...RangeFields\n  }\n  delivered {\n    ...RangeFields\n  }\n  truncated\n  gaps {\n    ...RangeFields\n  }\n  fragmentCount\n  sizeBytes\n  durationMs\n  progress\n  etag\n  failure {\n    code\n    message\n    retryable\n  }\n}\n\nfragment IssueFields on ClipIssue {\n  code\n  severity\n  message\n  path\n  hint\n  ranges {\n    ...RangeFields\n  }\n  retryAfterMs\n}\n\nfragment RangeFields on TimestampRange {\n  startTimestamp\n  endTimestamp\n  durationMs\n}": types.ClipFieldsFragmentDoc,
    "subscription ClipProgress($id: ID!) {\n  clipProgress(id: $id) {\n    ...ClipFields\n  }\n}": types.ClipProgressDocument,
    "query Clip($id: ID!) {\n  clip(id: $id) {\n    ...ClipFields\n  }\n}": types.ClipDocument,
    "mutation RequestClip($input: ClipInput!) {\n  requestClip(input: $input) {\n    clip {\n      ...ClipFields\n    }\n    issues {\n      ...IssueFields\n    }\n  }\n}": types.RequestClipDocument,
    "query StreamCoverage($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $maxGapMs: Milliseconds! = 1000) {\n  stream(name: $name) {\n    name\n    coverage(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      maxGapMs: $maxGapMs\n    ) {\n      spans {\n        range {\n          startTimestamp\n          endTimestamp\n        }\n        fragmentCount\n        sizeBytes\n      }\n      gaps {\n        startTimestamp\n        endTimestamp\n        durationMs\n      }\n      fragmentCount\n      sizeBytes\n      durationMs\n    }\n  }\n}": types.StreamCoverageDocument,
    "query StreamEndpoints($first: Int!, $namePrefix: String, $apiName: ApiName! = GET_CLIP) {\n  streams(first: $first, namePrefix: $namePrefix) {\n    nodes {\n      name\n      dataEndpoint(apiName: $apiName)\n      again: dataEndpoint(apiName: $apiName)\n    }\n  }\n}": types.StreamEndpointsDocument,
    "query StreamFragments($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $first: Int! = 100, $after: String) {\n  stream(name: $name) {\n    name\n    fragments(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      first: $first\n      after: $after\n    ) {\n      nodes {\n        fragmentNumber\n        producerTimestamp\n        serverTimestamp\n        lengthMs\n        sizeBytes\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        endCursor\n      }\n    }\n  }\n}": types.StreamFragmentsDocument,
    "query StreamHlsSession($name: String!, $playbackMode: HlsPlaybackMode! = LIVE, $range: TimestampRangeInput, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $expiresInSeconds: Int! = 300) {\n  stream(name: $name) {\n    name\n    hlsStreamingSession(\n      playbackMode: $playbackMode\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      expiresInSeconds: $expiresInSeconds\n    ) {\n      url\n      expiresAt\n    }\n  }\n}": types.StreamHlsSessionDocument,
    "query StreamMedia($name: String!, $at: DateTime, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP) {\n  stream(name: $name) {\n    name\n    media(at: $at, fragmentSelectorType: $fragmentSelectorType) {\n      video {\n        codecId\n        codec\n        width\n        height\n        frameRate\n      }\n      audio {\n        codecId\n        codec\n        channels\n        sampleRate\n      }\n      clippable\n      issues {\n        code\n        severity\n        message\n        hint\n      }\n    }\n  }\n}": types.StreamMediaDocument,
    "query Streams($first: Int! = 50, $after: String, $namePrefix: String) {\n  streams(first: $first, after: $after, namePrefix: $namePrefix) {\n    nodes {\n      id\n      name\n      arn\n      status\n      mediaType\n      createdAt\n      dataRetentionInHours\n      retainedFrom\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}": types.StreamsDocument,
    "query ValidateClip($input: ClipInput!, $probe: Boolean! = false) {\n  validateClip(input: $input, probe: $probe) {\n    valid\n    issues {\n      ...IssueFields\n    }\n    plan {\n      fragmentCount\n      estimatedBytes\n      requested {\n        ...RangeFields\n      }\n      delivered {\n        ...RangeFields\n      }\n      truncated\n      gaps {\n        ...RangeFields\n      }\n      parts\n    }\n  }\n}": types.ValidateClipDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment ClipFields on Clip {\n  id\n  state\n  form\n  downloadUrl\n  expiresAt\n  fileName\n  contentType\n  requested {\n    ...RangeFields\n  }\n  delivered {\n    ...RangeFields\n  }\n  truncated\n  gaps {\n    ...RangeFields\n  }\n  fragmentCount\n  sizeBytes\n  durationMs\n  progress\n  etag\n  failure {\n    code\n    message\n    retryable\n  }\n}\n\nfragment IssueFields on ClipIssue {\n  code\n  severity\n  message\n  path\n  hint\n  ranges {\n    ...RangeFields\n  }\n  retryAfterMs\n}\n\nfragment RangeFields on TimestampRange {\n  startTimestamp\n  endTimestamp\n  durationMs\n}"): (typeof documents)["fragment ClipFields on Clip {\n  id\n  state\n  form\n  downloadUrl\n  expiresAt\n  fileName\n  contentType\n  requested {\n    ...RangeFields\n  }\n  delivered {\n    ...RangeFields\n  }\n  truncated\n  gaps {\n    ...RangeFields\n  }\n  fragmentCount\n  sizeBytes\n  durationMs\n  progress\n  etag\n  failure {\n    code\n    message\n    retryable\n  }\n}\n\nfragment IssueFields on ClipIssue {\n  code\n  severity\n  message\n  path\n  hint\n  ranges {\n    ...RangeFields\n  }\n  retryAfterMs\n}\n\nfragment RangeFields on TimestampRange {\n  startTimestamp\n  endTimestamp\n  durationMs\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "subscription ClipProgress($id: ID!) {\n  clipProgress(id: $id) {\n    ...ClipFields\n  }\n}"): (typeof documents)["subscription ClipProgress($id: ID!) {\n  clipProgress(id: $id) {\n    ...ClipFields\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Clip($id: ID!) {\n  clip(id: $id) {\n    ...ClipFields\n  }\n}"): (typeof documents)["query Clip($id: ID!) {\n  clip(id: $id) {\n    ...ClipFields\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RequestClip($input: ClipInput!) {\n  requestClip(input: $input) {\n    clip {\n      ...ClipFields\n    }\n    issues {\n      ...IssueFields\n    }\n  }\n}"): (typeof documents)["mutation RequestClip($input: ClipInput!) {\n  requestClip(input: $input) {\n    clip {\n      ...ClipFields\n    }\n    issues {\n      ...IssueFields\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StreamCoverage($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $maxGapMs: Milliseconds! = 1000) {\n  stream(name: $name) {\n    name\n    coverage(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      maxGapMs: $maxGapMs\n    ) {\n      spans {\n        range {\n          startTimestamp\n          endTimestamp\n        }\n        fragmentCount\n        sizeBytes\n      }\n      gaps {\n        startTimestamp\n        endTimestamp\n        durationMs\n      }\n      fragmentCount\n      sizeBytes\n      durationMs\n    }\n  }\n}"): (typeof documents)["query StreamCoverage($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $maxGapMs: Milliseconds! = 1000) {\n  stream(name: $name) {\n    name\n    coverage(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      maxGapMs: $maxGapMs\n    ) {\n      spans {\n        range {\n          startTimestamp\n          endTimestamp\n        }\n        fragmentCount\n        sizeBytes\n      }\n      gaps {\n        startTimestamp\n        endTimestamp\n        durationMs\n      }\n      fragmentCount\n      sizeBytes\n      durationMs\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StreamEndpoints($first: Int!, $namePrefix: String, $apiName: ApiName! = GET_CLIP) {\n  streams(first: $first, namePrefix: $namePrefix) {\n    nodes {\n      name\n      dataEndpoint(apiName: $apiName)\n      again: dataEndpoint(apiName: $apiName)\n    }\n  }\n}"): (typeof documents)["query StreamEndpoints($first: Int!, $namePrefix: String, $apiName: ApiName! = GET_CLIP) {\n  streams(first: $first, namePrefix: $namePrefix) {\n    nodes {\n      name\n      dataEndpoint(apiName: $apiName)\n      again: dataEndpoint(apiName: $apiName)\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StreamFragments($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $first: Int! = 100, $after: String) {\n  stream(name: $name) {\n    name\n    fragments(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      first: $first\n      after: $after\n    ) {\n      nodes {\n        fragmentNumber\n        producerTimestamp\n        serverTimestamp\n        lengthMs\n        sizeBytes\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        endCursor\n      }\n    }\n  }\n}"): (typeof documents)["query StreamFragments($name: String!, $range: TimestampRangeInput!, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $first: Int! = 100, $after: String) {\n  stream(name: $name) {\n    name\n    fragments(\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      first: $first\n      after: $after\n    ) {\n      nodes {\n        fragmentNumber\n        producerTimestamp\n        serverTimestamp\n        lengthMs\n        sizeBytes\n      }\n      pageInfo {\n        hasNextPage\n        hasPreviousPage\n        endCursor\n      }\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StreamHlsSession($name: String!, $playbackMode: HlsPlaybackMode! = LIVE, $range: TimestampRangeInput, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $expiresInSeconds: Int! = 300) {\n  stream(name: $name) {\n    name\n    hlsStreamingSession(\n      playbackMode: $playbackMode\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      expiresInSeconds: $expiresInSeconds\n    ) {\n      url\n      expiresAt\n    }\n  }\n}"): (typeof documents)["query StreamHlsSession($name: String!, $playbackMode: HlsPlaybackMode! = LIVE, $range: TimestampRangeInput, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP, $expiresInSeconds: Int! = 300) {\n  stream(name: $name) {\n    name\n    hlsStreamingSession(\n      playbackMode: $playbackMode\n      range: $range\n      fragmentSelectorType: $fragmentSelectorType\n      expiresInSeconds: $expiresInSeconds\n    ) {\n      url\n      expiresAt\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StreamMedia($name: String!, $at: DateTime, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP) {\n  stream(name: $name) {\n    name\n    media(at: $at, fragmentSelectorType: $fragmentSelectorType) {\n      video {\n        codecId\n        codec\n        width\n        height\n        frameRate\n      }\n      audio {\n        codecId\n        codec\n        channels\n        sampleRate\n      }\n      clippable\n      issues {\n        code\n        severity\n        message\n        hint\n      }\n    }\n  }\n}"): (typeof documents)["query StreamMedia($name: String!, $at: DateTime, $fragmentSelectorType: FragmentSelectorType! = SERVER_TIMESTAMP) {\n  stream(name: $name) {\n    name\n    media(at: $at, fragmentSelectorType: $fragmentSelectorType) {\n      video {\n        codecId\n        codec\n        width\n        height\n        frameRate\n      }\n      audio {\n        codecId\n        codec\n        channels\n        sampleRate\n      }\n      clippable\n      issues {\n        code\n        severity\n        message\n        hint\n      }\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Streams($first: Int! = 50, $after: String, $namePrefix: String) {\n  streams(first: $first, after: $after, namePrefix: $namePrefix) {\n    nodes {\n      id\n      name\n      arn\n      status\n      mediaType\n      createdAt\n      dataRetentionInHours\n      retainedFrom\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"): (typeof documents)["query Streams($first: Int! = 50, $after: String, $namePrefix: String) {\n  streams(first: $first, after: $after, namePrefix: $namePrefix) {\n    nodes {\n      id\n      name\n      arn\n      status\n      mediaType\n      createdAt\n      dataRetentionInHours\n      retainedFrom\n    }\n    pageInfo {\n      hasNextPage\n      endCursor\n    }\n  }\n}"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query ValidateClip($input: ClipInput!, $probe: Boolean! = false) {\n  validateClip(input: $input, probe: $probe) {\n    valid\n    issues {\n      ...IssueFields\n    }\n    plan {\n      fragmentCount\n      estimatedBytes\n      requested {\n        ...RangeFields\n      }\n      delivered {\n        ...RangeFields\n      }\n      truncated\n      gaps {\n        ...RangeFields\n      }\n      parts\n    }\n  }\n}"): (typeof documents)["query ValidateClip($input: ClipInput!, $probe: Boolean! = false) {\n  validateClip(input: $input, probe: $probe) {\n    valid\n    issues {\n      ...IssueFields\n    }\n    plan {\n      fragmentCount\n      estimatedBytes\n      requested {\n        ...RangeFields\n      }\n      delivered {\n        ...RangeFields\n      }\n      truncated\n      gaps {\n        ...RangeFields\n      }\n      parts\n    }\n  }\n}"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;