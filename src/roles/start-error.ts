/**
 * @module Why a process could not start, in words that say what to do next. Exit code 1.
 */
export type StartErrorCode = 'pool-wallet-unreadable' | 'payout-address-invalid' | 'operator-token-unreadable' | 'role-combination' | 'port-unavailable'
  | 'data-folder-unusable' | 'tls-certificate-unusable';

export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;
  constructor(code: StartErrorCode, message: string, options?: {readonly cause: unknown}) {
    super(message, options);
    this.code = code;
  }
}

/** Runs a listen and turns the usual failures into words. */
export async function listening<T>(what: string, endpoint: {readonly host: string; readonly port: number; readonly key: string}, listen: () => Promise<T>): Promise<T> {
  try {
    return await listen();
  } catch (error) {
    const code = (error as {code?: unknown}).code;
    const where = `${endpoint.host}:${endpoint.port}`;
    if (code === 'EADDRINUSE') {
      throw new StartError('port-unavailable', `${what} cannot listen on ${where}: another program has the port. Stop it, or choose another with --set ${endpoint.key}=PORT (0 takes any free one).`, {cause: error});
    }
    if (code === 'EACCES') {
      throw new StartError('port-unavailable', `${what} may not listen on ${where}: ports below 1024 need more rights. Choose another with --set ${endpoint.key}=PORT.`, {cause: error});
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
      const hostKey = endpoint.key.replace(/\.port$/, '.host');
      throw new StartError('port-unavailable', `${what} cannot listen on ${where}: ${endpoint.host} is no address of this machine (${code}). Choose another with --set ${hostKey}=ADDRESS.`, {cause: error});
    }
    throw error;
  }
}
