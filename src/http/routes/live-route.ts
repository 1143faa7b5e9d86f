/**
 * @module The WebSocket of the page. Decides who may have one; what is sent is the hub's business.
 */
import {HttpFault} from '../http-fault.js';
import * as shape from '../json-schemas.js';
import type {RouteFamily} from './route-parts.js';

export const addLiveRoute: RouteFamily = (server, {options, policy, hub}) => {
  server.get('/api/v1/live', {
    websocket: true,
    schema: {
      summary: 'WebSocket: the overview when it changed, at most four times a second. The client says nothing.',
      response: {101: {description: 'The WebSocket is open.'}, 403: shape.fault, 426: shape.fault, 503: shape.fault},
    },
    preValidation: (request, _reply, done) => {
      if (!request.ws) return done(new HttpFault('upgrade-required', 'This address speaks WebSocket only.'));
      if (!policy.allowsOrigin(request.headers.origin, request.headers.host)) {
        return done(new HttpFault('origin-not-allowed', 'A page of another origin may not read this node. http.allowedHosts names further ones.'));
      }
      if (hub.counts.open >= options.maxLiveClients) return done(new HttpFault('too-many-live-clients', 'All live connections are taken. GET /api/v1/overview still answers.'));
      return done();
    },
  }, (socket) => {
    socket.on('message', () => hub.heard(socket));
    socket.on('pong', () => hub.ponged(socket));
    socket.on('close', () => hub.ended(socket));
    // A protocol error of the other side: `close` follows.
    socket.on('error', () => hub.ended(socket));
    hub.open(socket);
  });
};
