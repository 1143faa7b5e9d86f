/**
 * @module How long an answer may be kept, by how it changes: the cache headers and the tag of every API answer.
 * A tag is of the bytes: whoever has them gets 304 (RFC 9110, section 13.1.2) and no body.
 */
import {createHash} from 'node:crypto';
import type {FastifyInstance} from 'fastify';

/**
 * - `live`: may change with the next share; asked for each time.
 * - `steady`: changes about once a minute or with a block; ten seconds old is good enough for anybody.
 * - `immutable`: never changes again (the content of a block).
 * - `private`: for one caller; kept by nobody.
 */
export type Freshness = 'live' | 'steady' | 'immutable' | 'private';

const CACHE_CONTROL: Readonly<Record<Freshness, string>> = {
  live: 'no-cache', steady: 'public, max-age=10', immutable: 'public, max-age=31536000, immutable', private: 'no-store',
};

declare module 'fastify' {
  interface FastifyContextConfig {
    readonly freshness?: Freshness;
  }
  interface FastifyReply {
    /** Where a route's answers differ: a confirmed block is immutable, a pending one is not. */
    freshness: Freshness | undefined;
  }
}

export function addFreshness(server: FastifyInstance): void {
  server.decorateReply('freshness', undefined);
  server.addHook('onSend', (request, reply, payload, done) => {
    const freshness = reply.freshness ?? request.routeOptions.config.freshness;
    if (freshness === undefined || reply.statusCode !== 200) return done(null, payload);
    reply.header('cache-control', CACHE_CONTROL[freshness]);
    if (freshness === 'private' || typeof payload !== 'string') return done(null, payload);
    const tag = `W/"${createHash('sha256').update(payload).digest('base64url').slice(0, 22)}"`;
    reply.header('etag', tag);
    if (!matchesTag(request.headers['if-none-match'], tag)) return done(null, payload);
    reply.code(304).removeHeader('content-type');
    reply.removeHeader('content-length');
    return done(null, '');
  });
}

/** A list of tags or a star, compared weakly. */
export function matchesTag(header: string | undefined, tag: string): boolean {
  return header !== undefined && header.split(',').some((part) => part.trim() === '*' || part.trim().replace(/^W\//, '') === tag.replace(/^W\//, ''));
}
