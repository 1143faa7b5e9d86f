/**
 * @module What others may ask of the template source: the next block, without its coinbase.
 * The local source builds from chain and mempool; a remote one (issue of upstream nodes) answers the same messages.
 * `BlockTemplate` is plain data and never changed: holders share it by reference.
 */
import type {Query} from '../../runtime/actor.js';
import type {BlockTemplate} from '../../protocol/mining/block-template.js';

export type GetTemplate = Query<'template.get', Record<never, never>, BlockTemplate | {readonly ok: false; readonly code: 'template-not-ready'; readonly detail: string}>;
/** Settles when a template other than `longpollId` exists (BIP 22), or with the current one when `maxWaitMs` has passed. */
export type AwaitTemplate = Query<'template.await', {readonly longpollId: string; readonly maxWaitMs: number}, BlockTemplate | {readonly ok: false; readonly code: 'template-not-ready'; readonly detail: string}>;

export type TemplateMessage = GetTemplate | AwaitTemplate;

/** A new template. `isNewTip` asks for clean jobs. */
export type TemplateEvent = {readonly type: 'template.changed'; readonly template: BlockTemplate; readonly isNewTip: boolean};
