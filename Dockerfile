# syntax=docker/dockerfile:1

FROM node:24-slim AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json ./
COPY scripts ./scripts
COPY proto ./proto
COPY src ./src
RUN npm run build
RUN chmod 755 dist/src/main.js

FROM node:24-slim AS dependencies
WORKDIR /dependencies
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim
# For `kubectl exec … -- gatehouse status`.
WORKDIR /usr/local/bin
RUN ln -s /app/dist/src/main.js gatehouse
WORKDIR /app
ENV NODE_ENV=production
COPY package.json LICENSE ./
COPY --from=dependencies /dependencies/node_modules ./node_modules
COPY --from=build /build/dist ./dist
# By number, so that a cluster can tell that it is not root; nothing below is written to.
USER 65532:65532
EXPOSE 18000 18001 8081 8082
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/src/main.js"]
CMD ["serve"]
