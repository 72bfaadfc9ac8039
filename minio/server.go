package minio

// Command is the server to be started.
type Command struct {
	// Name is what logs and messages call the process.
	Name string
	// Path is the program, Args its arguments without the program's own name.
	Path string
	Args []string
	// Env is added to the environment; it holds the root credentials, which are therefore in no argument and no file.
	Env []string
	// ReadyURL answers 200 once the server does its work.
	ReadyURL string
}

// MetricsPath is where the server has its metrics for Prometheus; whoever reaches it may read them.
const MetricsPath = "/minio/v2/metrics/cluster"

// Server is one MinIO server on one folder.
type Server struct {
	// Binary is the path of the minio program.
	Binary string
	// Dir holds the objects.
	Dir string
	// Address is the host and port to listen on; the web console is off.
	Address string
	// Root may do everything. The server takes a name of at least 3 characters and a password of at least 8.
	Root Credentials
}

// Credentials are a name and its secret, in S3's words an access key and a secret key.
type Credentials struct {
	AccessKey, SecretKey string
}

// URL is the base address of the S3 API.
func (s Server) URL() string { return "http://" + s.Address }

// Command returns how to start the server.
func (s Server) Command() Command {
	return Command{
		Name: "minio",
		Path: s.Binary,
		Args: []string{"server", s.Dir, "--address", s.Address, "--quiet"},
		Env: []string{
			"MINIO_ROOT_USER=" + s.Root.AccessKey,
			"MINIO_ROOT_PASSWORD=" + s.Root.SecretKey,
			"MINIO_BROWSER=off",
			"MINIO_UPDATE=off",
			"MINIO_PROMETHEUS_AUTH_TYPE=public",
		},
		ReadyURL: s.URL() + "/minio/health/ready",
	}
}
