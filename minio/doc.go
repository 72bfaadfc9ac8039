// Package minio is the object storage that the monitoring's blocks are kept in: how its server is started, and how a bucket
// and the one user who may use it are made. A server's address and its root credentials come in; a bucket and a
// least-privileged user go out. Nothing outside this package knows that the storage is MinIO: the rest speaks S3.
package minio
