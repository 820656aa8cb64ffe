# SPDX-License-Identifier: AGPL-3.0-or-later

FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN mkdir /data
RUN CGO_ENABLED=0 go build -trimpath -ldflags="-s -w" -o /hora ./cmd/hora

# No shell and no package manager: only certificates, time zones and the program,
# as a user that owns nothing.
FROM gcr.io/distroless/static:nonroot
COPY --from=build /src/LICENSE /LICENSE
COPY --from=build /hora /hora
# What must outlive the container; a volume mounted here takes its owner.
COPY --from=build --chown=nonroot:nonroot /data /data
# Inside a container localhost is the container's own.
ENV HORA_LISTEN=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["/hora"]
CMD ["serve"]
