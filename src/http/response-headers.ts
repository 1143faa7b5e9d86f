/**
 * @module Headers of every answer: what a browser may do with it. Nothing inline, nothing from elsewhere, in nobody's frame.
 */
export const RESPONSE_HEADERS: Readonly<Record<string, string>> = {
  // 'self' in connect-src covers the WebSocket of the same host and port (CSP level 3).
  'content-security-policy': [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  // For browsers that do not know frame-ancestors.
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
};
